"""Find the faces in an image and score their smiles."""

from smile_vision.errors import (
    ImageError,
    InterpreterError,
    ModelError,
    VisionError,
    WeightsError,
)
from smile_vision.faces.detection import FaceDetection
from smile_vision.faces.detector import FaceDetector
from smile_vision.faces.photo_detector import PhotoFaceDetector
from smile_vision.faces.video_detector import VideoFaceDetector
from smile_vision.interpreter import load_interpreter
from smile_vision.photos.photo import load_photo
from smile_vision.photos.photo_smiles import PhotoFace, PhotoResult, PhotoSmileDetector
from smile_vision.smiles.classifier import SmileClassifier
from smile_vision.smiles.crop import crop_face
from smile_vision.smiles.face_check import FaceCheck
from smile_vision.smiles.model_card import ModelCard
from smile_vision.smiles.preprocess import CROP_SIZE_PX, preprocess
from smile_vision.smiles.quality import Quality

__all__ = [
    "CROP_SIZE_PX",
    "FaceCheck",
    "FaceDetection",
    "FaceDetector",
    "ImageError",
    "InterpreterError",
    "ModelCard",
    "ModelError",
    "PhotoFace",
    "PhotoFaceDetector",
    "PhotoResult",
    "PhotoSmileDetector",
    "Quality",
    "SmileClassifier",
    "VideoFaceDetector",
    "VisionError",
    "WeightsError",
    "crop_face",
    "load_interpreter",
    "load_photo",
    "preprocess",
]
